/// The outcome of a flight for those who follow it on other nodes. A message.
public struct Landing: Sendable, Equatable {
    /// A JSON object; the room that makes landings knows its members.
    public let outcome: String
    /// What is passed on, as the vendor sent it.
    public let body: [UInt8]

    public init(outcome: String, body: [UInt8]) {
        self.outcome = outcome
        self.body = body
    }
}

/// What a look at flights of other nodes found. A message.
public enum LandingAnswer: Sendable, Equatable {
    case landed(Landing)
    /// The flight has ended, and nobody knows how: the question is to be asked again.
    case lost
}
