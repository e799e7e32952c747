/// The token for the admin API. It is read only from the environment: a command line shows up in the shell's history
/// and in the process list.
enum AdminTokenVariable {
    static let name = "TOLLGATE_ADMIN_TOKEN"

    static func read(_ environment: [String: String]) throws(UsageFault) -> String {
        guard let token = environment[name], !token.isEmpty else {
            throw UsageFault(
                description: "environment variable \(name) is not set; put a token of admin.tokens there"
            )
        }
        guard VisibleASCII.isSound(token.utf8) else {
            throw UsageFault(
                description: "environment variable \(name) has a character that is not visible ASCII; "
                    + "a space or line break may have slipped in"
            )
        }
        return token
    }
}

/// Texts that are sent in a field line unchanged: tokens, secrets, idempotency keys.
enum VisibleASCII {
    /// Whether `bytes` is not empty and contains only printable characters other than space.
    static func isSound(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
