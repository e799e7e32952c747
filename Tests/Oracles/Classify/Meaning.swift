/// The meaning of a classify body, independent of its spelling.
///
/// The reference for tests of the canonical form: equality is the equality of sets and dictionaries, and uses none of
/// the code under test.
public struct Meaning: Hashable, Sendable {
    public struct Category: Hashable, Sendable {
        public var label: Text
        public var description: Text
        public var others: [Text: Tree]

        public init(label: Text, description: Text, others: [Text: Tree]) {
            (self.label, self.description, self.others) = (label, description, others)
        }
    }

    public var documentID: String
    /// In request order.
    public var categories: [Category]
    /// Nil for all pages.
    public var pages: Set<Int>?
    public var model: Text
    public var others: [Text: Tree]

    public init(documentID: String, categories: [Category], pages: Set<Int>?, model: Text, others: [Text: Tree]) {
        (self.documentID, self.categories, self.pages) = (documentID, categories, pages)
        (self.model, self.others) = (model, others)
    }

    /// Equal for two meanings that are the same when the order of the categories is insignificant.
    public struct Unordered: Hashable, Sendable {
        public let documentID: String
        public let categories: Set<Category>
        public let pages: Set<Int>?
        public let model: Text
        public let others: [Text: Tree]
    }

    public var unordered: Unordered {
        Unordered(documentID: documentID, categories: Set(categories), pages: pages, model: model, others: others)
    }
}
