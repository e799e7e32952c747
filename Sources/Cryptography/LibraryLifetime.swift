internal import COpenSSL

/// How long OpenSSL's tables live. Immutable.
public enum LibraryLifetime {
    /// Keeps the tables for the life of the process. Must be called before anything else of OpenSSL.
    ///
    /// OpenSSL takes them apart in exit(3) otherwise, while threads that are not joined still use them: a worker with a
    /// connection under TLS, a reload that reads certificates (OPENSSL_init_crypto(3), OPENSSL_INIT_NO_ATEXIT).
    public static func outlastsExit() { _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) }
}
