public import Transport

/// Which of the sockets that were handed over is for which listener. Pure.
public struct SocketAssignment: Sendable, Equatable {
    /// One that was looked at.
    public struct Socket: Sendable, Equatable {
        /// As the supervisor calls it; empty when it has none.
        public let name: String
        public let address: SocketAddress

        public init(name: String, address: SocketAddress) {
            self.name = name
            self.address = address
        }
    }

    /// The names that choose; any other stands for none. systemd.socket(5), `FileDescriptorName=`.
    public static let listenName = "listen"
    public static let adminName = "admin"

    /// Positions among the sockets.
    public private(set) var listen: [Int] = []
    public private(set) var admin: Int?

    /// - Parameters:
    ///   - listen: the address of the configuration, by which a socket without a name is known.
    ///   - admin: the same for the admin side.
    /// - Throws: a socket is for neither, or the admin side would have two.
    public init(_ sockets: [Socket], listen: SocketAddress, admin: SocketAddress) throws(SupervisionFault) {
        for (position, socket) in sockets.enumerated() {
            switch socket.name {
            case Self.listenName: self.listen.append(position)
            case Self.adminName: try takeForAdmin(position, among: sockets)
            case _ where socket.address == listen: self.listen.append(position)
            case _ where socket.address == admin: try takeForAdmin(position, among: sockets)
            default:
                let what = "the socket bound to \(socket.address) was handed over, and is neither listen.address "
                let known = "(\(listen)) nor admin.address (\(admin)); "
                let remedy = "correct the address, or call it listen or admin with FileDescriptorName="
                throw SupervisionFault(description: what + known + remedy)
            }
        }
    }

    private mutating func takeForAdmin(_ position: Int, among sockets: [Socket]) throws(SupervisionFault) {
        if let admin {
            let both = "\(sockets[admin].address) and \(sockets[position].address)"
            throw SupervisionFault(
                description: "two sockets were handed over for the admin side, which takes one: \(both)"
            )
        }
        admin = position
    }
}
