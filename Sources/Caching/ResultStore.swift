public import Vocabulary

/// The second level of the cache: what outlives an eviction and a restart.
///
/// Callable from any thread and never blocking. Each call is answered exactly once, on a thread of the store's own or,
/// when it is refused at once, on the caller's; whoever needs the answer elsewhere posts it there.
public protocol ResultStore: Sendable {
    /// Looks a result up; nil when there is none of this key, be it fresh or not.
    func find(_ key: CacheKey, then: @escaping @Sendable (Result<CachedResult?, StoreFault>) -> Void)

    /// Stores a result in place of one of the same key. On success it is durable, through a power failure too.
    func save(_ result: CachedResult, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Finds out whether results can be stored at this moment. After a failure it really writes, so that the end of
    /// the trouble is noticed too when nobody stores anything.
    func check(then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)
}
