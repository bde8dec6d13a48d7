import CapacityModel
import CapacityStore

extension OrderPass {
    /// How many sites must have missed an image before nobody else is waited for.
    static let sitesToBelieve = 2

    /// Why an order is given up whose image was missed, or `nil` where it goes on.
    ///
    /// An image that does not exist is missed everywhere, so placing again helps nobody. But one site may have lost an
    /// image that the others have, and says the same; so it is believed only when another site agrees, or when none is
    /// left to ask. Until then what failed is placed again elsewhere, as after any other failure. Once something of the
    /// order was ready, the image does exist, and that is how it stays.
    static func problem(_ search: ImageSearch) -> OrderProblem? {
        guard !search.wasReady, search.sitesWithout >= sitesToBelieve || search.sitesAtWork == 0 else { return nil }
        return OrderProblem(code: .imageNotFound, detail: search.detail)
    }
}
