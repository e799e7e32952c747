/// What a supervisor says of the sockets that it hands over: the variables of sd_listen_fds(3). Pure.
public struct ActivationEnvironment: Sendable, Equatable {
    /// A socket that was handed over, unseen.
    public struct Handed: Sendable, Equatable {
        public let descriptor: Int32
        /// Empty when it has none.
        public let name: String
    }

    /// The variables, which no other program is to take for its own.
    public static let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    /// The first descriptor behind the standard streams.
    public static let firstDescriptor: Int32 = 3
    /// As many as there can be workers.
    static let socketsMax: Int32 = 1_024
    /// As systemd.socket(5) bounds a name.
    private static let nameBytesMax = 255

    /// In the order of their descriptors; empty when nothing was handed to this process.
    public let sockets: [Handed]

    /// - Parameter process: the number of this process; what is meant for another one is ignored.
    /// - Throws: a variable is malformed.
    public init(_ environment: [String: String], process: Int32) throws(SupervisionFault) {
        guard let identifier = environment["LISTEN_PID"], let countText = environment["LISTEN_FDS"] else {
            sockets = []
            return
        }
        guard let meant = WholeNumber.read(identifier, upTo: UInt64(Int32.max)), meant > 0 else {
            throw SupervisionFault(description: "LISTEN_PID: must be the number of a process")
        }
        guard meant == UInt64(process) else {
            sockets = []
            return
        }
        guard let count = WholeNumber.read(countText, upTo: UInt64(Self.socketsMax)) else {
            throw SupervisionFault(description: "LISTEN_FDS: must be a whole number from 0 to \(Self.socketsMax)")
        }
        let names = try Self.names(environment["LISTEN_FDNAMES"], count: Int(count))
        sockets = names.enumerated().map { index, name in
            Handed(descriptor: Self.firstDescriptor + Int32(index), name: name)
        }
    }

    /// The variables that hand sockets to a process: as many as there are names, from `firstDescriptor` on. None for
    /// none.
    public static func variables(handing names: [String], to process: Int32) -> [String: String] {
        if names.isEmpty { return [:] }
        return [
            "LISTEN_PID": "\(process)", "LISTEN_FDS": "\(names.count)", "LISTEN_FDNAMES": names.joined(separator: ":"),
        ]
    }

    private static func names(_ text: String?, count: Int) throws(SupervisionFault) -> [String] {
        guard let text, count > 0 else { return Array(repeating: "", count: count) }
        let names = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard names.count == count else {
            throw SupervisionFault(
                description: "LISTEN_FDNAMES: has \(names.count) names, and LISTEN_FDS says \(count)"
            )
        }
        for (index, name) in names.enumerated() {
            guard name.utf8.count <= nameBytesMax, name.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw SupervisionFault(
                    description: "LISTEN_FDNAMES: name \(index + 1) must be at most \(nameBytesMax) ASCII characters"
                )
            }
        }
        return names
    }
}

/// Why a supervisor's words or sockets cannot be used; says which and what to do.
public struct SupervisionFault: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
}

/// Numbers in variables, which anybody may have set.
enum WholeNumber {
    /// Digits alone: no sign, no space, nothing beyond `limit`. Nil for anything else.
    static func read(_ text: String, upTo limit: UInt64) -> UInt64? {
        guard (1...20).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt64(text), number <= limit
        else { return nil }
        return number
    }
}
