/// Why an order that had been accepted was given up: something it asks for turned out not to exist.
package struct OrderProblem: Hashable, Sendable {
    package var code: Instance.FailureCode
    /// The sentence of the engine that found it.
    package var detail: String

    package init(code: Instance.FailureCode, detail: String) {
        self.code = code
        self.detail = detail
    }
}
