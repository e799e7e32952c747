public import Vocabulary

/// Where results are looked up that memory does not have. They come there with the endings of their reservations.
///
/// Callable from any thread and never blocking; answered exactly once.
public protocol ResultStore: Sendable {
    /// Looks up the result of a key, fresh or not, and the pages of a document, whichever is asked for.
    func find(
        _ key: CacheKey?,
        pagesOf document: DocumentKey?,
        then: @escaping @Sendable (Result<Finding, StoreFault>) -> Void
    )

    /// Whether a look-up is known to find nothing: neither a result of the key, where one is asked for, nor pages of
    /// the document. False where that is not known. Reads memory only.
    func lacks(_ key: CacheKey?, pagesOf document: DocumentKey?) -> Bool
}

/// What a look-up found.
public struct Finding: Sendable {
    public var result: CachedResult?
    /// The pages of the document, if a reply told them.
    public var documentPages: Int?

    public init(result: CachedResult? = nil, documentPages: Int? = nil) {
        self.result = result
        self.documentPages = documentPages
    }
}
