/// The token that the admin API asks for. It comes from the environment alone: a command line is in the shell's history
/// and in the list of processes.
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

/// Texts that stand in a field line as they are: tokens, secrets, idempotency keys.
enum VisibleASCII {
    /// Whether there is at least one character, and each is printed and no space.
    static func isSound(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
