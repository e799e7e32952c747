/// One thing that a classify body can ask, without any of its spellings.
///
/// This is what the tests hold the canonical form against; equality is that of sets and dictionaries, and nothing of
/// the code under test has part in it.
struct Meaning: Hashable {
    struct Category: Hashable {
        var label: Text
        var description: Text
        var others: [Text: Tree]
    }

    var documentID: String
    /// In the order in which they are asked.
    var categories: [Category]
    /// Nil for all pages.
    var pages: Set<Int>?
    var model: Text
    var others: [Text: Tree]

    /// What is the same for two meanings when the order of the categories is insignificant.
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
