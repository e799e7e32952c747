import JSON

/// Which part of a list is asked for.
public struct AdminPage: Sendable, Equatable {
    /// How many items at most.
    public let limit: Int
    /// What the last part answered as `next_cursor`; nil for the first part.
    public let cursor: String?

    public init(limit: Int, cursor: String?) {
        self.limit = limit
        self.cursor = cursor
    }
}

/// Pages of lists: `docs/api.md` §6.
extension AdminPage {
    /// Those of things in the order of their identifiers that the page begins with, and one more than it may have; the
    /// cursor is the last one of the page before.
    func start<ID: RawRepresentable<String>>(of ids: [ID]) -> ArraySlice<ID> {
        let start = cursor.map { cursor in ids.firstIndex { $0.rawValue > cursor } ?? ids.endIndex } ?? 0
        return ids[start...].prefix(limit + 1)
    }
}

extension AdminReply {
    /// A page: the first of some items, as many as are asked for and as have room.
    ///
    /// - Parameters:
    ///   - items: one more than `limit`, if there is one.
    ///   - cursor: by which the page behind an item is asked for.
    ///   - json: nil for what is not there any more.
    static func page<Item>(
        _ items: some Sequence<Item>,
        limit: Int,
        cursor: (Item) -> String,
        json: (Item) -> JSONValue?
    ) -> AdminReply {
        var page = PageWriter()
        var last: String?
        var taken = 0
        for item in items {
            guard taken < limit else { return page.reply(next: last) }
            if let json = json(item), !page.append(json) { return page.reply(next: last) }
            taken += 1
            last = cursor(item)
        }
        return page.reply(next: nil)
    }
}
