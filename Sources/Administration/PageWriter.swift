import Forms
import JSON
import Vocabulary

/// One page of a list as JSON: as many items as fit into so many bytes, and where the next page begins. Confined to one
/// reply.
struct PageWriter: ~Copyable {
    /// What a page has of items, but for a single one that is longer. So little that making it, whatever stands there,
    /// holds the loop for milliseconds.
    static let bytesMax = 256 * 1_024

    private var output = ByteWriter(capacity: 4_096)
    private var item = ByteWriter(capacity: 1_024)
    private(set) var count = 0

    init() { output.append("{\"items\": [") }

    /// Appends an item; false when there is no room for it, and the page ends before it. The first one has always room.
    mutating func append(_ value: JSONValue) -> Bool {
        item.removeAll()
        value.write(to: &item)
        guard count == 0 || output.count + item.count <= Self.bytesMax else { return false }
        if count > 0 { output.append(", ") }
        item.withBytes { output.append($0) }
        count += 1
        return true
    }

    /// - Parameter next: nil for the last page.
    consuming func reply(next: String?) -> AdminReply {
        output.append("], \"next_cursor\": ")
        JSONValue.orNull(next) { .string($0) }.write(to: &output)
        output.append("}\n")
        return .ok(output.bytes, contentType: "application/json")
    }
}
