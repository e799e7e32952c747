import JSON

/// A classification schema as it is kept: its categories, each with its label, its description and further members.
public struct SchemaText: Sendable, Equatable {
    struct Category: Sendable, Equatable {
        let label: String
        /// All but the label, in the order of their names: texts as they are, other values as JSON.
        let members: [(name: String, text: String)]

        static func == (left: Category, right: Category) -> Bool {
            left.label == right.label && left.members.elementsEqual(right.members, by: ==)
        }
    }

    let categories: [Category]

    /// Nil for a text that is no list of categories, which only a damaged store has.
    ///
    /// - Parameter json: of any size and, as requests are read, at most 64 levels deep.
    public init?(json: Span<UInt8>) {
        guard case .array(let elements)? = try? JSONValue.parse(json) else { return nil }
        var categories: [Category] = []
        categories.reserveCapacity(elements.count)
        for element in elements {
            guard case .object(let members) = element, case .string(let label)? = element["label"] else { return nil }
            let others = members.filter { $0.name != "label" }.map { ($0.name, Self.text($0.value)) }
            categories.append(Category(label: label, members: others))
        }
        self.categories = categories
    }

    private static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        return String(decoding: value.text, as: UTF8.self)
    }
}

/// One difference between the questions of two payments for a document.
public struct QuestionDifference: Sendable, Equatable {
    public let part: QuestionPart
    /// The category that it is in; nil when it concerns no single one, or when the schemas are not kept.
    public var label: String?
    /// The member of the category.
    public var member: String?
    /// What the two payments have there, cut to where they begin to differ; nil for what is absent or not kept.
    public var first: String?
    public var again: String?

    public init(
        _ part: QuestionPart,
        label: String? = nil,
        member: String? = nil,
        first: String? = nil,
        again: String? = nil
    ) {
        self.part = part
        self.label = label
        self.member = member
        self.first = first
        self.again = again
    }
}

extension SchemaText {
    /// What differs between two schemas, in the order of the first one, then what only the second one has.
    ///
    /// With other labels the descriptions of the common ones are not compared: the answer could be another one anyway.
    /// Takes time in proportion to the size of the two.
    ///
    /// - Parameter part: `schemaLabels` or `schemaText`.
    public func differences(to again: SchemaText, _ part: QuestionPart) -> [QuestionDifference] {
        // Labels are told apart by their bytes, as keys are; texts of Swift are equal when they look equal.
        var places: [[UInt8]: Int] = [:]
        for (place, category) in again.categories.enumerated() { places[Array(category.label.utf8)] = place }
        var found: [QuestionDifference] = []
        var common: [(first: Int, again: Int)] = []
        for (index, category) in categories.enumerated() {
            if let place = places.removeValue(forKey: Array(category.label.utf8)) {
                common.append((index, place))
                if part == .schemaText { found += category.differences(to: again.categories[place]) }
            } else {
                found.append(.label(category, isFirst: true))
            }
        }
        for place in places.values.sorted() { found.append(.label(again.categories[place], isFirst: false)) }
        if part == .schemaLabels, found.isEmpty, let difference = orderDifference(common, again) {
            found.append(difference)
        }
        return found
    }

    /// The same labels in another order, which counts with `cache.schema_order` `significant`.
    private func orderDifference(_ common: [(first: Int, again: Int)], _ again: SchemaText) -> QuestionDifference? {
        guard let place = common.firstIndex(where: { $0.first != $0.again }) else { return nil }
        let names = { (categories: [Category]) in
            categories[place...].prefix(20).map(\.label).joined(separator: ", ")
        }
        let (first, second) = ExcerptPair.cut(names(categories), names(again.categories))
        return QuestionDifference(.schemaLabels, member: "order", first: first, again: second)
    }
}

extension SchemaText.Category {
    fileprivate func differences(to again: Self) -> [QuestionDifference] {
        var found: [QuestionDifference] = []
        for (name, text) in members {
            let other = again.text(of: name)
            if let other, text.utf8.elementsEqual(other.utf8) { continue }
            found.append(.member(name, of: label, text, other))
        }
        for (name, text) in again.members where self.text(of: name) == nil {
            found.append(.member(name, of: label, nil, text))
        }
        return found
    }

    fileprivate func text(of name: String) -> String? {
        members.first { $0.name.utf8.elementsEqual(name.utf8) }?.text
    }
}

extension QuestionDifference {
    fileprivate static func label(_ category: SchemaText.Category, isFirst: Bool) -> QuestionDifference {
        let text = ExcerptPair.cut(category.text(of: "description") ?? "", nil).0
        return QuestionDifference(
            .schemaLabels,
            label: category.label.excerpt,
            first: isFirst ? text : nil,
            again: isFirst ? nil : text
        )
    }

    fileprivate static func member(_ name: String, of label: String, _ first: String?, _ again: String?) -> Self {
        let texts = ExcerptPair.cut(first, again)
        return QuestionDifference(
            .schemaText,
            label: label.excerpt,
            member: name.excerpt,
            first: texts.0,
            again: texts.1
        )
    }
}

/// Two texts cut to where they begin to differ.
enum ExcerptPair {
    /// Unicode scalars that are shown of a text.
    static let length = 200
    /// Of these, scalars before the first difference.
    private static let context = 40

    static func cut(_ first: String?, _ again: String?) -> (String?, String?) {
        var start = 0
        if let first, let again, max(first.unicodeScalars.count, again.unicodeScalars.count) > length {
            var common = 0
            for (left, right) in zip(first.unicodeScalars, again.unicodeScalars) {
                if left != right { break }
                common += 1
            }
            start = max(0, common - context)
        }
        return (first.map { cut($0, from: start) }, again.map { cut($0, from: start) })
    }

    static func cut(_ text: String, from start: Int) -> String {
        let scalars = text.unicodeScalars
        let rest = scalars.dropFirst(start)
        let shown = rest.prefix(length)
        var excerpt = start > 0 ? "…" : ""
        excerpt.unicodeScalars.append(contentsOf: shown)
        if shown.endIndex < scalars.endIndex { excerpt += "…" }
        return excerpt
    }
}

extension String {
    fileprivate var excerpt: String { ExcerptPair.cut(self, from: 0) }
}
