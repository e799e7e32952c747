import Forms
import JSON
import Vocabulary

/// Writes one page of a list as JSON: as many items as fit into `bytesMax`, and the cursor of the next page. Confined
/// to one reply.
struct PageWriter: ~Copyable {
    /// The maximum size of a page's items; a single item may be longer. A thousand usual ones fit, such as the last
    /// requests; and writing a page holds the loop for milliseconds only, whatever the items contain.
    static let bytesMax = 512 * 1_024

    private var output = ByteWriter(capacity: 4_096)
    private var item = ByteWriter(capacity: 1_024)
    private(set) var count = 0

    init() { output.append("{\"items\": [") }

    /// Appends an item; false when it does not fit and the page ends before it. The first item always fits.
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
