/// One server of an address: where libpq connects, and the name that its certificate must have.
struct PostgreSQLHost: Equatable, Sendable {
    /// A host name, an IP address, the folder of a socket or, with `@`, an abstract one.
    var name: String
    /// An IP address that spares the look-up of the name; nil when it is to be looked up.
    var address: String?
    var port: UInt16

    var isSocket: Bool { address == nil && (name.hasPrefix("/") || name.hasPrefix("@")) }

    /// Whether nothing that it is told leaves the machine.
    var isLocal: Bool {
        if isSocket { return true }
        let place = address ?? name
        return place == "localhost" || place == "::1" || (place.hasPrefix("127.") && Self.isIPv4(place))
    }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}

extension PostgreSQLHost: CustomStringConvertible {
    var description: String {
        let place = name.isEmpty ? address ?? "" : name
        return place.contains(":") ? "[\(place)]:\(port)" : "\(place):\(port)"
    }
}

extension PostgreSQLHost {
    /// The servers that libpq's options of these names list, in their order.
    static func list(names: String?, addresses: String?, ports: String?) throws(PostgreSQLAddress.Fault) -> [Self] {
        let split = { (list: String?) in
            (list ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        var (names, addresses, ports) = (split(names), split(addresses), split(ports))
        let count = max(names.count, addresses.count)
        guard count <= PostgreSQLAddress.hostsMax else {
            throw PostgreSQLAddress.Fault("names more than \(PostgreSQLAddress.hostsMax) hosts")
        }
        if names == [""] { names = Array(repeating: "", count: count) }
        if addresses == [""] { addresses = Array(repeating: "", count: count) }
        // As libpq has it, one port is that of all hosts.
        if ports.count == 1 { ports = Array(repeating: ports[0], count: count) }
        guard names.count == count, addresses.count == count, ports.count == count else {
            throw PostgreSQLAddress.Fault("does not name as many hosts, addresses and ports")
        }
        var hosts: [Self] = []
        for index in 0..<count {
            guard !names[index].isEmpty || !addresses[index].isEmpty else {
                throw PostgreSQLAddress.Fault(
                    "names no host; a socket is named by its folder: postgresql:///database?host=/run/postgresql"
                )
            }
            // Else a part of a password would be shown as a host.
            guard names[index].hasPrefix("@") || !names[index].contains("@"), !addresses[index].contains("@") else {
                throw PostgreSQLAddress.Fault("has a host with the character @, which is written %40 in a password")
            }
            guard let port = ports[index].isEmpty ? 5_432 : UInt16(ports[index]), port > 0 else {
                throw PostgreSQLAddress.Fault("has a port that is not a number from 1 to 65535")
            }
            let address = addresses[index].isEmpty ? nil : addresses[index]
            hosts.append(Self(name: names[index], address: address, port: port))
        }
        return hosts
    }
}
