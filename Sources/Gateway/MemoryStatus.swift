/// How much of the memory that is set aside for clients is taken at this moment, for the admin side.
public struct MemoryStatus: Sendable {
    public let plan: MemoryPlan
    /// What results may take, in bytes.
    public let cacheBytesMax: Int
    /// By connections that have shown a valid key and by their requests, in bytes.
    public let teamBytes: Int
    /// By connections that have not, in bytes.
    public let strangerBytes: Int
}
