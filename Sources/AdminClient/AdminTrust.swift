public import Transport

/// Whom an admin command trusts over https, and how it proves itself. Immutable.
public struct AdminTrust: Sendable {
    /// The authorities that the server's certificate may come from; nil for the system's.
    let authorities: PEMText?
    /// Nil where the server asks for no certificate.
    let identity: TLSClientContext.Identity?

    /// The system's authorities, and no certificate.
    public init() { (authorities, identity) = (nil, nil) }

    /// Reads the files. Blocks.
    ///
    /// - Parameters:
    ///   - certificateFile: comes with `keyFile`, or not at all.
    ///   - keyFile: without a passphrase.
    /// - Throws: a file cannot be read, or is not what it should be.
    public init(
        authorityFile: String?,
        certificateFile: String?,
        keyFile: String?
    ) throws(TLSConfigurationFault) {
        authorities = if let authorityFile { try PEMText(reading: authorityFile) } else { nil }
        if let certificateFile, let keyFile {
            identity = try TLSClientContext.Identity(
                certificate: PEMText(reading: certificateFile),
                privateKey: PEMText(reading: keyFile)
            )
        } else {
            identity = nil
        }
        _ = try context()
    }

    func context() throws(TLSConfigurationFault) -> TLSClientContext {
        try TLSClientContext(authorities: authorities, identity: identity)
    }
}
