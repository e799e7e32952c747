import Glibc

/// A listening socket that is handed to each process that is started, as a service manager does. Closed in deinit.
public final class HandedSocket: Sendable {
    /// As `FileDescriptorName=` would call it.
    public let name: String
    private let listener: LoopbackListener

    public var port: UInt16 { listener.port }
    public var descriptor: Int32 { listener.descriptor }

    public init(_ name: String) throws {
        self.name = name
        listener = try LoopbackListener(backlog: 1_024)
    }

    deinit { close(descriptor) }

    /// What a program that begins with `sockets` behind its standard streams is started with. A shell sets the number
    /// of the process, which stays the same when it becomes the program.
    static func command(_ command: [String], with sockets: [HandedSocket]) -> [String] {
        guard !sockets.isEmpty else { return command }
        let names = sockets.map(\.name).joined(separator: ":")
        let line = "LISTEN_PID=$$ LISTEN_FDS=\(sockets.count) LISTEN_FDNAMES='\(names)' exec \"$@\""
        return ["sh", "-c", line, "sh"] + command
    }
}
