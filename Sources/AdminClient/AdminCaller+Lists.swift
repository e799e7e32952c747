public import JSON

/// The items of one or more lists, in the order in which the gateway gave them.
public struct AdminListing {
    public var items: [JSONValue] = []
    /// Whether there are more items than are ever fetched.
    public var isCut = false

    public init(items: [JSONValue] = [], isCut: Bool = false) {
        self.items = items
        self.isCut = isCut
    }
}

/// Lists, followed from page to page.
extension AdminCaller {
    private struct Page {
        let items: [JSONValue]
        let nextCursor: String?
    }

    /// The items of a list to its end.
    ///
    /// - Parameters:
    ///   - query: what chooses among the items.
    ///   - limit: stops after so many items; nil goes on until `itemsMax`.
    public func items(
        of path: [String],
        query: [(name: String, value: String)] = [],
        limit: Int? = nil
    ) throws(AdminCallFault) -> AdminListing {
        var listing = AdminListing()
        try append(path, query: query, limit: limit, to: &listing)
        return listing
    }

    /// Appends the items of a list, so that all of `listing` has no more than `limit`.
    public func append(
        _ path: [String],
        query: [(name: String, value: String)] = [],
        limit: Int?,
        to listing: inout AdminListing
    ) throws(AdminCallFault) {
        let itemsMax = min(limit ?? limits.itemsMax, limits.itemsMax)
        var cursor: String?
        while listing.items.count < itemsMax {
            let left = itemsMax - listing.items.count
            let page = try page(path, query, limit: min(left, limits.pageItems), cursor)
            listing.items += page.items.prefix(left)
            guard let next = page.nextCursor else { return }
            // Every page brings the end nearer, whatever the server is.
            guard !page.items.isEmpty else { throw foreign("a page without items that is not the last") }
            cursor = next
        }
        if listing.items.count < limit ?? .max { listing.isCut = true }
    }

    private func page(
        _ path: [String],
        _ query: [(name: String, value: String)],
        limit: Int,
        _ cursor: String?
    ) throws(AdminCallFault) -> Page {
        var call = AdminCall(.get, path)
        call.query = query + [("limit", String(limit))] + (cursor.map { [("cursor", $0)] } ?? [])
        let answer = try send(call)
        guard case .array(let items)? = answer?["items"] else { throw foreign("a list without items") }
        switch answer?["next_cursor"] {
        case .string(let next)?: return Page(items: items, nextCursor: next)
        case .null?, nil: return Page(items: items, nextCursor: nil)
        case .bool?, .number?, .array?, .object?: throw foreign("a cursor that is no string")
        }
    }

    private func foreign(_ reason: String) -> AdminCallFault { .foreign(address, reason, doubt: nil) }
}
