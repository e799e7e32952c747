import JSON
import Transport

/// The log member with a client's address, as JSON: the same in all lines of a connection.
///
/// In place as far as it fits, which it does with IPv4: an array of its own would take 80 bytes of each connection. Not
/// to be copied, so that a line is written from there.
struct ClientMember: ~Copyable {
    // "client":"255.255.255.255:65535"
    private var place = InlineArray<32, UInt8>(repeating: 0)
    private var placeUsed: UInt8 = 0
    /// The member if it does not fit.
    private var array: [UInt8]?

    /// Without an address.
    init() {}

    init(_ address: SocketAddress) {
        var line = JSONLine()
        line.member("client", address.description)
        let bytes = line.bytes
        guard bytes.count <= place.count else {
            array = bytes
            return
        }
        placeUsed = UInt8(bytes.count)
        for index in bytes.indices { place[index] = bytes[index] }
    }

    @inline(__always)
    var isEmpty: Bool { placeUsed == 0 && array == nil }

    @inline(__always)
    func append(to line: inout JSONLine) {
        if placeUsed > 0 {
            line.members(raw: place.span.extracting(first: Int(placeUsed)))
        } else if let array {
            line.members(raw: array)
        }
    }
}
