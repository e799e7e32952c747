import JSON

/// The part of a list that a request asks for.
public struct AdminPage: Sendable, Equatable {
    /// The maximum number of items.
    public let limit: Int
    /// The `next_cursor` of the previous page; nil for the first page.
    public let cursor: String?

    public init(limit: Int, cursor: String?) {
        self.limit = limit
        self.cursor = cursor
    }
}

extension AdminPage {
    /// The cursor of a list whose cursors are whole numbers; nil for the first page.
    func number() throws(AdminFault) -> Int64? {
        guard let cursor else { return nil }
        guard let number: Int64 = AdminRequest.wholeNumber(cursor) else {
            throw .unprocessable("cursor", "must be the next_cursor of the page before")
        }
        return number
    }
}

/// Pages of lists: `docs/api.md` §6.
extension AdminPage {
    /// The identifiers after the cursor, at most one more than the page holds. `ids` is sorted, and the cursor is the
    /// last identifier of the previous page.
    func start<ID: RawRepresentable<String>>(of ids: [ID]) -> ArraySlice<ID> {
        let start = cursor.map { cursor in ids.firstIndex { $0.rawValue > cursor } ?? ids.endIndex } ?? 0
        return ids[start...].prefix(limit + 1)
    }
}

extension AdminReply {
    /// One page: the first of `items`, up to `limit` and to the size of a page.
    ///
    /// - Parameters:
    ///   - items: one more than `limit` if the list continues.
    ///   - cursor: the cursor of the page that follows an item.
    ///   - json: nil for an item that no longer exists.
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
