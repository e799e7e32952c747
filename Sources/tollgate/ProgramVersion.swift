/// The version reported by `tollgate --version` and the admin API.
enum ProgramVersion {
    static let current = "0.5.0"
}
