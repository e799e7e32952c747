import Forms
import JSON

/// Where each member stands in a file, so that faults are reported in the order in which people read the file.
struct FileOrder {
    private var ranks: [String: Int] = [:]

    init(_ root: JSONValue) { number(root, at: "") }

    /// Numbers a value and all within it; its depth is bounded by the parser.
    private mutating func number(_ value: JSONValue, at path: String) {
        if ranks[path] == nil { ranks[path] = ranks.count }
        switch value {
        case .object(let members):
            for member in members {
                let name = member.name.printable
                number(member.value, at: path.isEmpty ? name : "\(path).\(name)")
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() { number(element, at: "\(path)[\(index)]") }
        case .null, .bool, .number, .string: break
        }
    }

    /// The faults in the order of their members; those of one member stay as they are.
    func sorted(_ faults: [FormFault]) -> [FormFault] {
        let ranked = faults.enumerated().map { (rank: rank($0.element.path), index: $0.offset, fault: $0.element) }
        return ranked.sorted { ($0.rank, $0.index) < ($1.rank, $1.index) }.map(\.fault)
    }

    /// A member that is missing counts as standing where its object begins.
    private func rank(_ path: String) -> Int {
        var path = path[...]
        while ranks[String(path)] == nil {
            path = path[..<(path.lastIndex { $0 == "." || $0 == "[" } ?? path.startIndex)]
        }
        return ranks[String(path)] ?? 0
    }
}
