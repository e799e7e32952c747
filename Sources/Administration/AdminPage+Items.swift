import Forms
import Keying

/// Pages of lists: contract §8.
extension AdminPage {
    /// Those of the page, of things in the order of their identifiers; the cursor is the last one of the page before.
    func slice<ID: RawRepresentable<String>>(of ids: [ID]) -> (ids: ArraySlice<ID>, next: String?) {
        let start = cursor.map { cursor in ids.firstIndex { $0.rawValue > cursor } ?? ids.endIndex } ?? 0
        let shown = ids[start...].prefix(limit)
        return (shown, shown.endIndex < ids.endIndex ? shown.last?.rawValue : nil)
    }
}

extension AdminReply {
    static func list(_ items: [JSONValue], next: String?) -> AdminReply {
        .ok(.object([("items", .array(items)), ("next_cursor", .orNull(next) { .string($0) })]))
    }
}
