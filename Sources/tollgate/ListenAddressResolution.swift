import Configuration
import Gateway
import Transport

/// Resolves `listen.address` or `admin.address`, whose host may be a name, to the address to bind.
enum ListenAddressResolution {
    /// Blocks during the name lookup; called only before anything is served.
    ///
    /// - Parameter member: the path of the address in the configuration.
    static func resolve(_ address: ListenAddress, _ member: String) throws -> SocketAddress {
        if let literal = SocketAddress(literal: address.host, port: address.port) { return literal }
        switch NameResolver.resolveNow(host: address.host, port: address.port) {
        case .success(let addresses): return addresses[0]
        case .failure(let fault): throw UsageFault(description: "\(member): \(fault)")
        }
    }
}

/// A fault that the person who started the program must fix.
struct UsageFault: Error, CustomStringConvertible {
    let description: String
}
