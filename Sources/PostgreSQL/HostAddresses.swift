import Glibc

/// The IP addresses of a host, so that each of them has a share of the time: libpq, asked not to wait, stays with the
/// first that does not answer.
enum HostAddresses {
    static let addressesMax = 8

    /// In the order of getaddrinfo(3), which may ask name servers and waits for them as long as resolv.conf(5) says.
    ///
    /// - Returns: the reason in words where there is none.
    static func lookUp(_ name: String) -> Result<[String], PostgreSQLAddress.Fault> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(name, nil, &hints, &list)
        guard code == 0 else {
            let text = unsafe code == EAI_SYSTEM ? strerror(errno) : UnsafeMutablePointer(mutating: gai_strerror(code)!)
            return .failure(.init("\(name): \(unsafe String(cString: text!))"))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [String] = []
        var entry = unsafe list
        while let found = unsafe entry, addresses.count < addressesMax {
            if let address = unsafe text(of: found.pointee), !addresses.contains(address) { addresses.append(address) }
            unsafe entry = found.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(.init("\(name): no address")) : .success(addresses)
    }

    private static func text(of entry: addrinfo) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { buffer in
            let start = buffer.baseAddress!
            let length = socklen_t(buffer.count)
            let code = unsafe getnameinfo(entry.ai_addr, entry.ai_addrlen, start, length, nil, 0, NI_NUMERICHOST)
            return unsafe code == 0 ? String(cString: start) : nil
        }
    }
}
