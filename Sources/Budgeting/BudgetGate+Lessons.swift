public import Vocabulary

/// What estimates have learned. Each call takes the lock.
extension BudgetGate {
    /// The credible part of what a settled reply teaches the next estimate.
    ///
    /// - Parameters:
    ///   - pages: as reported by the reply; at least 1.
    ///   - isWholeDocument: whether the request asked about all pages.
    public func lesson(pages: Int, credits: MicroCredits, model: String, isWholeDocument: Bool) -> Lesson {
        state.withLock { state in
            state.book.prices.lesson(
                pages: pages,
                credits: credits,
                model: model,
                isWholeDocument: isWholeDocument,
                by: state.book.plan
            )
        }
    }

    /// The lessons about models, ordered by name.
    ///
    /// - Parameters:
    ///   - name: the name to start after; nil to start at the first.
    ///   - count: the maximum number of lessons.
    public func lessons(after name: String?, atMost count: Int) -> [ModelLesson] {
        state.withLock { $0.book.prices.lessons(after: name, atMost: count, by: $0.book.plan) }
    }

    /// The lesson about one model; nil when there is none.
    public func lesson(of model: String) -> ModelLesson? {
        state.withLock { $0.book.prices.lesson(of: model, by: $0.book.plan) }
    }

    /// Learns from replies that other nodes had. Those that are known already teach nothing.
    public func learn(_ replies: [String: [PaidReply]]) { state.withLock { $0.book.prices.learn(replies) } }

    /// Forgets the replies of a model: the plan's price applies until there are new ones.
    public func forget(model: String) { state.withLock { $0.book.prices.forget(model) } }
}
