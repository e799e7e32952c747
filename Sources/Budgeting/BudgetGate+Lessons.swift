public import Vocabulary

/// What estimates have learned. Each call takes the lock.
extension BudgetGate {
    /// What a settled reply teaches the next estimate, as far as it is credible.
    ///
    /// - Parameters:
    ///   - pages: as the reply says; at least 1.
    ///   - isWholeDocument: whether all of its pages were asked about.
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

    /// What is known of models, in the order of their names.
    ///
    /// - Parameters:
    ///   - name: only those behind it; nil from the first one on.
    ///   - count: at most so many.
    public func lessons(after name: String?, atMost count: Int) -> [ModelLesson] {
        state.withLock { $0.book.prices.lessons(after: name, atMost: count, by: $0.book.plan) }
    }

    /// What is known of one model; nil when nothing is.
    public func lesson(of model: String) -> ModelLesson? {
        state.withLock { $0.book.prices.lesson(of: model, by: $0.book.plan) }
    }

    /// Forgets what replies have told of a model: the plan's price counts until new ones tell.
    public func forget(model: String) { state.withLock { $0.book.prices.forget(model) } }
}
