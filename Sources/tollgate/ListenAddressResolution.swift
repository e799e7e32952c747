import Configuration
import Gateway
import Transport

/// From `listen.address` or `admin.address`, whose host may be a name, to the address to bind.
enum ListenAddressResolution {
    /// Blocks while the name is looked up, which happens before anything is served.
    ///
    /// - Parameter member: where the address stands in the configuration.
    static func resolve(_ address: ListenAddress, _ member: String) throws -> SocketAddress {
        if let literal = SocketAddress(literal: address.host, port: address.port) { return literal }
        switch NameResolver.resolveNow(host: address.host, port: address.port) {
        case .success(let addresses): return addresses[0]
        case .failure(let fault): throw UsageFault(description: "\(member): \(fault)")
        }
    }
}

/// Something that the person who started the program has to change.
struct UsageFault: Error, CustomStringConvertible {
    let description: String
}
