/// Why a call of the admin API returned nothing to show.
public struct AdminCallFault: Error, Equatable, CustomStringConvertible {
    public enum Code: Equatable, Sendable {
        /// The resource does not exist.
        case notFound
        /// The gateway refused the call.
        case refused
        /// No usable connection was made, so nothing was sent.
        case unreachable
        /// The server at the address is not the admin API.
        case foreign
        /// The request was sent, but no complete answer arrived.
        case lost
    }

    public let code: Code
    /// One line, free of controls, for the person at the terminal.
    public let description: String

    private init(_ code: Code, _ text: String, doubt: String? = nil) {
        self.code = code
        description = TerminalText.cleaned(doubt.map { "\(text); \($0)" } ?? text, to: 2_000)
    }

    static func refused(_ status: Int, code: String, message: String) -> AdminCallFault {
        AdminCallFault(status == 404 && code == "not_found" ? .notFound : .refused, "\(status) \(code): \(message)")
    }

    static func unreachable(_ address: AdminAddress, _ reason: String) -> AdminCallFault {
        let question = "is the gateway running, and is this its admin.address?"
        return AdminCallFault(.unreachable, "\(address): nothing answers (\(reason)); \(question)")
    }

    static func insecure(_ address: AdminAddress, _ reason: String) -> AdminCallFault {
        AdminCallFault(.unreachable, "\(address): no secure connection can be made (\(reason)); nothing was sent")
    }

    static func foreign(_ address: AdminAddress, _ reason: String, doubt: String?) -> AdminCallFault {
        let text = "\(address): what answers is not the gateway's admin API (\(reason)); is this its admin.address?"
        return AdminCallFault(.foreign, text, doubt: doubt)
    }

    static func lost(_ address: AdminAddress, _ reason: String, doubt: String?) -> AdminCallFault {
        AdminCallFault(.lost, "\(address): no whole answer came (\(reason))", doubt: doubt)
    }
}
