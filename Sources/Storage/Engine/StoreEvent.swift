public import Budgeting
public import Caching
public import Vocabulary

/// What another node did that this one has to take into account, as it is in the store now. A message.
public enum StoreEvent: Sendable, Equatable {
    /// Teams, keys, rulings or their budgets changed; rows whose stamp is this number or greater have it.
    case registry(number: Int64)
    case purge(PurgeTarget)
    /// A saved classifier changes, or has changed: its epoch is raised, and its results are gone.
    case classifier(ClassifierKey, epoch: Int64)
    /// Nil for a key that is active.
    case upstreamKey(UpstreamKeyID, UpstreamKeyRecord?)
    case grantMade(Grant)
    case grantRemoved(Int64, team: TeamID)
    /// What was learned about a model is forgotten.
    case modelForgotten(String)
}
