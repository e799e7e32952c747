/// The meaning of a classify body, independent of its spelling.
///
/// The reference for tests of the canonical form: equality is the equality of sets and dictionaries, and uses none of
/// the code under test.
struct Meaning: Hashable {
    struct Category: Hashable {
        var label: Text
        var description: Text
        var others: [Text: Tree]
    }

    var documentID: String
    /// In request order.
    var categories: [Category]
    /// Nil for all pages.
    var pages: Set<Int>?
    var model: Text
    var others: [Text: Tree]

    /// Equal for two meanings that are the same when the order of the categories is insignificant.
    struct Unordered: Hashable {
        let documentID: String
        let categories: Set<Category>
        let pages: Set<Int>?
        let model: Text
        let others: [Text: Tree]
    }

    var unordered: Unordered {
        Unordered(documentID: documentID, categories: Set(categories), pages: pages, model: model, others: others)
    }
}
