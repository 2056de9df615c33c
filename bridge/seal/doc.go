// Package seal keeps passwords that have to rest on disk, in the two ways there are: sealed with a key that lies elsewhere, so
// that they can be used again, and hashed, so that they can only be compared.
//
//	secret.go   Secret: a text that no format verb, log or encoder shows
//	seal.go     Key: Seal and Open, XChaCha20-Poly1305 bound to an account
//	keyfile.go  where a Key comes from: Load, LoadCredential, Create
//	hash.go     Hasher: argon2id in PHC strings, bounded in memory and concurrency
//
// No error of this package holds a secret, a part of a key, or the text that failed.
package seal
