import Keying

/// The items of one or more lists, in the order in which the gateway gave them.
struct AdminListing {
    var items: [JSONValue] = []
    /// Whether there are more items than are ever fetched.
    var isCut = false
}
