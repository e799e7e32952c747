public import JSON

/// The items of one or more lists, in the gateway's order.
public struct AdminListing {
    public var items: [JSONValue] = []
    /// Whether there are more items than `itemsMax`, the most that is fetched.
    public var isCut = false

    public init(items: [JSONValue] = [], isCut: Bool = false) {
        self.items = items
        self.isCut = isCut
    }
}

/// Fetches lists page by page.
extension AdminCaller {
    /// How many pages without an item are followed before a list is given up: a filter that matches little may have
    /// many of them.
    private static let emptyPagesMax = 100_000

    private struct Page {
        let items: [JSONValue]
        let nextCursor: String?
    }

    /// Fetches the items of a list.
    ///
    /// - Parameters:
    ///   - query: the filter.
    ///   - limit: the maximum number of items; nil fetches up to `itemsMax`.
    public func items(
        of path: [String],
        query: [(name: String, value: String)] = [],
        limit: Int? = nil
    ) throws(AdminCallFault) -> AdminListing {
        var listing = AdminListing()
        try append(path, query: query, limit: limit, to: &listing)
        return listing
    }

    /// Appends the items of a list until `listing` holds `limit` items in all.
    public func append(
        _ path: [String],
        query: [(name: String, value: String)] = [],
        limit: Int?,
        to listing: inout AdminListing
    ) throws(AdminCallFault) {
        let itemsMax = min(limit ?? limits.itemsMax, limits.itemsMax)
        var cursor: String?
        var emptyCount = 0
        while listing.items.count < itemsMax {
            let left = itemsMax - listing.items.count
            let page = try page(path, query, limit: min(left, limits.pageItems), cursor)
            listing.items += page.items.prefix(left)
            onProgress?(listing.items.count)
            guard let next = page.nextCursor else { return }
            if page.items.isEmpty { emptyCount += 1 }
            // Every page must make progress, whatever server answers.
            guard !page.items.isEmpty || next != cursor && emptyCount < Self.emptyPagesMax else {
                throw foreign("pages without items that do not end")
            }
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
