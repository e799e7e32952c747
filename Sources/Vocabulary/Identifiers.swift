/// The identifier of a team: who is billed inside the organisation. Unique over the organisation, never reused.
public struct TeamID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

/// The identifier of a vendor account. Documents belong to one; all upstream keys of an account see the same documents.
public struct AccountID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

/// The identifier of a team's key. It is the public name of the key and says nothing about its secret.
public struct TeamKeyID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

/// The identifier of a key at the vendor. It is the public name of the key and says nothing about its secret.
public struct UpstreamKeyID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}
