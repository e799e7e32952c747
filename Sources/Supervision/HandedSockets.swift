import Glibc
public import Transport

/// The sockets that the process was started with, by listener. Immutable.
public struct HandedSockets: Sendable {
    /// For clients; empty when the program makes its own.
    public var listen: [InheritedSocket] = []
    /// For operators; nil when the program makes its own.
    public var admin: InheritedSocket?

    /// None.
    public init() {}

    /// Takes what was handed over, once, at the start of the process.
    ///
    /// The variables are removed, since their descriptors are no longer for the programs that this one may start. No
    /// other thread may run that reads the environment.
    ///
    /// - Parameter addresses: called when there are sockets; the addresses of the configuration.
    /// - Throws: a variable is malformed, a descriptor is no listening TCP socket or for no listener, or what
    ///   `addresses` throws.
    public static func take(
        from environment: [String: String],
        addresses: () throws -> (listen: SocketAddress, admin: SocketAddress)
    ) throws -> HandedSockets {
        defer { for name in ActivationEnvironment.variables { unsafe unsetenv(name) } }
        let handed = try ActivationEnvironment(environment, process: getpid()).sockets
        guard !handed.isEmpty else { return HandedSockets() }
        let sockets = try handed.map { try InheritedSocket(descriptor: $0.descriptor) }
        let described = zip(handed, sockets).map { SocketAssignment.Socket(name: $0.name, address: $1.address) }
        let addresses = try addresses()
        let assignment = try SocketAssignment(described, listen: addresses.listen, admin: addresses.admin)
        var taken = HandedSockets()
        taken.listen = assignment.listen.map { sockets[$0] }
        taken.admin = assignment.admin.map { sockets[$0] }
        return taken
    }
}
