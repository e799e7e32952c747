import Configuration
import Gateway
import Transport

/// From `listen.address`, whose host may be a name, to the address to bind.
enum ListenAddressResolution {
    /// Blocks while the name is looked up, which happens before anything is served.
    static func resolve(_ address: ListenAddress) throws -> SocketAddress {
        if let literal = SocketAddress(literal: address.host, port: address.port) { return literal }
        switch NameResolver.resolveNow(host: address.host, port: address.port) {
        case .success(let addresses): return addresses[0]
        case .failure(let fault): throw UsageFault(description: "listen.address: \(fault)")
        }
    }
}

/// Something that the person who started the program has to change.
struct UsageFault: Error, CustomStringConvertible {
    let description: String
}
