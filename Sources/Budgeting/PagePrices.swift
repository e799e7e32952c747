import Vocabulary

/// What a page costs with each model, as replies have told. Pure.
struct PagePrices {
    /// Further models are estimated from the plan; a vendor has a handful.
    private static let modelsMax = 1_000
    /// Clients choose these names. The store keeps no longer ones either.
    private static let modelBytesMax = 128
    /// How far what a reply says of its pages may be from what it costs, as a factor.
    private static let trustInPages: Int128 = 4
    /// So that no estimate is nothing (L9).
    private static let least: Int128 = 1
    private static let oneCredit = MicroCredits(micros: 1_000_000)

    private var models: [String: RecentRates] = [:]

    init(_ replies: [String: [PaidReply]]) {
        for (model, replies) in replies {
            for reply in replies { learn(reply, of: model) }
        }
    }

    /// A rate of nothing is not learned: what was free once need not be so again, and estimates of nothing would pass a
    /// budget that is spent.
    mutating func learn(_ reply: PaidReply, of model: String) {
        guard reply.rate.credits > .zero, model.utf8.count <= Self.modelBytesMax else { return }
        guard models[model] != nil || models.count < Self.modelsMax else { return }
        models[model, default: RecentRates()].learn(reply)
    }

    /// Estimates the model from the plan again.
    mutating func forget(_ model: String) { models[model] = nil }

    /// What the ask is supposed to cost: at least a millionth, at most `MicroCredits.maximum`, rounded up.
    func estimate(_ ask: ReservationAsk, by plan: BudgetPlan) -> MicroCredits {
        let pages = Int128(max(ask.pages ?? plan.assumedPages, 1))
        let micros = rate(of: ask.model, by: plan).micros(forPages: pages)
        return MicroCredits(clamping: min(max(micros, Self.least), Int128(MicroCredits.maximum.micros)))
    }

    private func rate(of model: String, by plan: BudgetPlan) -> PageRate {
        let price = plan.creditsPerPage[model] ?? plan.creditsPerPage.values.max() ?? Self.oneCredit
        let planned = PageRate(credits: price, pages: 1)
        return models[model]?.rate(planned: planned) ?? planned
    }

    /// What a settled reply teaches.
    ///
    /// Its rate always: one that is wrong is outvoted. The pages of its document only if they agree with what was charged,
    /// within reason: a document has one count and no median, and one that is far too great would have every further
    /// question about it refused.
    ///
    /// - Parameters:
    ///   - pages: as the reply says; at least 1.
    ///   - isWholeDocument: whether all of its pages were asked about.
    func lesson(
        pages: Int,
        credits: MicroCredits,
        model: String,
        isWholeDocument: Bool,
        by plan: BudgetPlan
    ) -> Lesson {
        let said = PageRate(credits: credits, pages: pages)
        let isBelieved = isWholeDocument && said.isWithin(Self.trustInPages, of: rate(of: model, by: plan))
        return Lesson(documentPages: isBelieved ? pages : nil, rate: credits > .zero ? said : nil)
    }

    // MARK: Reports

    /// What is known of models, by name; only those after `name`, at most `count` of them.
    func lessons(after name: String?, atMost count: Int, by plan: BudgetPlan) -> [ModelLesson] {
        let names = models.keys.filter { model in name.map { $0 < model } ?? true }.sorted()
        return names.prefix(count).compactMap { lesson(of: $0, by: plan) }
    }

    /// What is known of one model; nil when nothing is.
    func lesson(of model: String, by plan: BudgetPlan) -> ModelLesson? {
        models[model].map { ModelLesson(model: model, rate: rate(of: model, by: plan), replies: $0.replies) }
    }
}
