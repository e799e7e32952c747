public import JSON

/// Reads the members of one JSON object. A class, so that closures can share it. Every wrong type or value becomes a
/// fault with its path, and so does an unknown member. Confined to one reading.
public final class ObjectReader {
    public let path: String
    public let report: FormReport
    private let members: [(name: String, value: JSONValue)]
    private var asked: [String] = []

    /// Nil, with a fault, when the value is not an object or has too many members.
    public init?(_ value: JSONValue, path: String, report: FormReport) {
        guard case .object(let members) = value else {
            report.fault(path, "must be an object, not \(value.kindName)")
            return nil
        }
        guard members.count <= FormLimits.members else {
            report.fault(path, "must have at most \(FormLimits.members) members, not \(members.count)")
            return nil
        }
        self.members = members
        self.path = path
        self.report = report
    }

    /// The path of a member.
    public func path(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// The member's value, which may be null; nil when the member is absent.
    public func take(_ name: String) -> JSONValue? {
        asked.append(name)
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    public func fault(_ name: String, _ message: @autoclosure () -> String) { report.fault(path(name), message()) }

    public func isSet(_ name: String) -> Bool { members.contains { $0.name.utf8.elementsEqual(name.utf8) } }

    /// Reports the members that were not read as unknown.
    public func finish() {
        let unknown = members.map(\.name).filter { name in !asked.contains { $0.utf8.elementsEqual(name.utf8) } }
        for name in unknown {
            report.fault(path(name.printable), "is not a member that is known here\(hint(for: name))")
        }
    }

    private func hint(for name: String) -> String {
        guard report.takeHint() else { return "" }
        let near = asked.map { (name: $0, distance: distance($0, name)) }.min { $0.distance < $1.distance }
        return near.flatMap { $0.distance <= 2 ? "; did you mean \($0.name)?" : nil } ?? ""
    }

    /// The number of characters to change, insert or delete to turn one name into the other.
    private func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one.utf8.prefix(64)), Array(other.utf8.prefix(64)))
        var row = Array(0...other.count)
        for (index, byte) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, otherByte) in other.enumerated() {
                let change = diagonal + (byte == otherByte ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column + 1] + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }
}

extension JSONValue {
    /// The kind of the value, in words.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
