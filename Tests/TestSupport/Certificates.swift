/// Certificates made by the `openssl` program for one test: an authority and the certificates it signed.
public final class Certificates: Sendable {
    public let folder: TemporaryFolder
    public var authority: String { folder.file("ca.pem") }

    /// A certificate with its private key.
    public struct Identity: Sendable {
        public let certificate: String
        public let privateKey: String
        /// Keeps the files while they may still be read.
        let folder: TemporaryFolder

        init(_ name: String, in folder: TemporaryFolder) {
            certificate = folder.file("\(name).pem")
            privateKey = folder.file("\(name).key")
            self.folder = folder
        }
    }

    public init() throws {
        folder = try TemporaryFolder()
        try openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=Test authority", "-keyout", folder.file("ca.key"), "-out", authority,
        ])
    }

    /// One signed by the authority for the given alternative names, e.g. `IP:127.0.0.1`.
    public func issue(_ name: String, for names: String = "IP:127.0.0.1,DNS:localhost", expired: Bool = false) throws
        -> Identity
    {
        let identity = Identity(name, in: folder)
        let request = folder.file("\(name).csr")
        try openssl([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", identity.privateKey, "-out", request,
        ])
        let extensions = try folder.write("subjectAltName=\(names)\nbasicConstraints=CA:FALSE\n", to: "\(name).ext")
        // `x509 -req` cannot backdate a certificate, but accepts a negative number of days: it ends before it begins.
        try openssl([
            "x509", "-req", "-in", request, "-CA", authority, "-CAkey", folder.file("ca.key"), "-CAcreateserial",
            "-days", expired ? "-1" : "30", "-extfile", extensions, "-out", identity.certificate,
        ])
        return identity
    }

    /// A self-signed one.
    public func selfSigned(_ name: String) throws -> Identity {
        let identity = Identity(name, in: folder)
        try openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", identity.privateKey, "-out", identity.certificate,
        ])
        return identity
    }

    private func openssl(_ arguments: [String]) throws {
        let result = try CommandResult.of(["openssl"] + arguments)
        guard result.succeeded else { throw TestFailure("openssl \(arguments[0]): \(result.stderr)") }
    }
}
