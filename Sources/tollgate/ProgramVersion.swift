/// The version of this program, as `tollgate --version` and the admin API tell it.
enum ProgramVersion {
    static let current = "0.5.0"
}
