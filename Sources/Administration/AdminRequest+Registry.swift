import Keying
import Registry
import Vocabulary

extension AdminRequest {
    /// Whoever asks, for the audit log. Only of routes that need a token.
    var changer: RegistryKeeper.Actor {
        guard let actor else { preconditionFailure("a change on a public route") }
        return RegistryKeeper.Actor(name: actor.name, role: actor.role, address: address)
    }

    /// A page of things in the order of their identifiers; the cursor is the last one of the page before.
    static func page<ID: RawRepresentable<String>>(
        _ ids: [ID],
        _ page: AdminPage
    ) -> (ids: ArraySlice<ID>, next: String?) {
        let start = page.cursor.map { cursor in ids.firstIndex { $0.rawValue > cursor } ?? ids.endIndex } ?? 0
        let shown = ids[start...].prefix(page.limit)
        return (shown, shown.endIndex < ids.endIndex ? shown.last?.rawValue : nil)
    }
}

extension AdminReply {
    /// A page of a list: contract §8.
    static func list(_ items: [JSONValue], next: String?) -> AdminReply {
        .ok(.object([("items", .array(items)), ("next_cursor", .orNull(next) { .string($0) })]))
    }
}
