import Vocabulary

/// The price of a page with each model, learned from replies. Pure.
struct PagePrices {
    /// Further models are estimated from the plan; a vendor has a handful.
    private static let modelsMax = 1_000
    /// Clients choose these names. The store has the same limit.
    private static let modelBytesMax = 128
    /// The factor by which the price per page of a reply may differ from the known one for its page count to be
    /// believed.
    private static let trustInPages: Int128 = 4
    /// The least estimate: none is zero (L9).
    private static let least: Int128 = 1
    private static let oneCredit = MicroCredits(micros: 1_000_000)

    private var models: [String: RecentRates] = [:]

    init(_ replies: [String: [PaidReply]]) { learn(replies) }

    /// Learns from replies of several models; those that are known teach nothing.
    mutating func learn(_ replies: [String: [PaidReply]]) {
        for (model, replies) in replies {
            for reply in replies { learn(reply, of: model) }
        }
    }

    /// A rate of zero is not learned: a model that was free once need not stay free, and an estimate of zero would pass
    /// an exhausted budget.
    mutating func learn(_ reply: PaidReply, of model: String) {
        guard reply.rate.credits > .zero, model.utf8.count <= Self.modelBytesMax else { return }
        guard models[model] != nil || models.count < Self.modelsMax else { return }
        models[model, default: RecentRates()].learn(reply)
    }

    /// Forgets the model's replies: its estimates come from the plan again.
    mutating func forget(_ model: String) { models[model] = nil }

    /// The estimate of the ask's cost: at least a millionth, at most `MicroCredits.maximum`, rounded up.
    ///
    /// An ask that is priced by the call costs what the last one of its name did, and before that as many pages as the
    /// plan assumes: there is no plan for what a call costs, so no bill is doubted.
    func estimate(_ ask: ReservationAsk, by plan: BudgetPlan) -> MicroCredits {
        if ask.isPricedByCall, let last = models[ask.model]?.replies.last {
            return min(last.rate.credits, .maximum)
        }
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
    /// The rate always: a wrong one is outvoted. The page count of the document only if it roughly agrees with the
    /// charge: a document has one count and no median, and a count far too great would have every later request about
    /// it refused.
    ///
    /// - Parameters:
    ///   - pages: as reported by the reply; at least 1.
    ///   - isWholeDocument: whether the request asked about all pages.
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

    /// The lessons about models, ordered by name: at most `count`, starting after `name`.
    func lessons(after name: String?, atMost count: Int, by plan: BudgetPlan) -> [ModelLesson] {
        let names = models.keys.filter { model in name.map { $0 < model } ?? true }.sorted()
        return names.prefix(count).compactMap { lesson(of: $0, by: plan) }
    }

    /// The lesson about one model; nil when there is none.
    func lesson(of model: String, by plan: BudgetPlan) -> ModelLesson? {
        models[model].map { ModelLesson(model: model, rate: rate(of: model, by: plan), replies: $0.replies) }
    }
}
