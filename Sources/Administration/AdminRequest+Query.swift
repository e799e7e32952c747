import Forms

/// The parameters of a request's query. Each must be known and occur once.
extension AdminRequest {
    /// The value of a parameter; nil when it is absent.
    public func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The part of a list that the request asks for.
    ///
    /// - Parameters:
    ///   - limitDefault: the limit when the query has none.
    ///   - names: further parameters of the list, besides `limit` and `cursor`.
    public func page(
        limitDefault: Int = 100,
        limitMax: Int = 1_000,
        also names: Set<String> = []
    ) throws(AdminFault) -> AdminPage {
        var faults = queryFaults(known: names.union(["limit", "cursor"]))
        var limit = limitDefault
        if let text = parameter("limit") {
            if let number: Int = Self.wholeNumber(text), (1...limitMax).contains(number) {
                limit = number
            } else {
                faults.append(FormFault(path: "limit", message: "must be a whole number from 1 to \(limitMax)"))
            }
        }
        let cursor = parameter("cursor")
        if cursor == "" { faults.append(FormFault(path: "cursor", message: "must be a next_cursor, or absent")) }
        guard faults.isEmpty else { throw .unprocessable(faults) }
        return AdminPage(limit: limit, cursor: cursor)
    }

    /// For resources that take a query but are not lists.
    public func checkQuery(_ names: Set<String>) throws(AdminFault) {
        let faults = queryFaults(known: names)
        guard faults.isEmpty else { throw .unprocessable(faults) }
    }

    /// For resources that take no query.
    public func refuseQuery() throws(AdminFault) { try checkQuery([]) }

    private func queryFaults(known names: Set<String>) -> [FormFault] {
        var seen: Set<String> = []
        return query.compactMap { name, _ in
            guard names.contains(name) else {
                let known = names.isEmpty ? "none" : names.sorted().joined(separator: ", ")
                return FormFault(path: name.printable, message: "is not known in this query (known: \(known))")
            }
            return seen.insert(name).inserted ? nil : FormFault(path: name, message: "stands twice; give it once")
        }
    }

    /// Digits only: unlike `Int`'s own parser, it takes no sign.
    static func wholeNumber<Number: FixedWidthInteger>(_ text: String) -> Number? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Number(text) : nil
    }
}
