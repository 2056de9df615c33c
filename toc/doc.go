// Package toc speaks TOC2, the client's side of it and its mirror image.
package toc
