"""Class activation maps against pytorch-grad-cam, and against their equations on networks solved by hand."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection, get_2d_projection_kernel
from torch import nn

import pairx
from pairx.baselines import METHODS, PairAtLayer, cam, encode_pair, explain, masked_cam
from pairx.baselines.fullgrad import BiasTape, full_gradient, spread
from pairx.models import EmbeddingModel
from pairx.testing import make_pair
from pairx.types import Explanation, InputError, finished
from tests.baselines.networks import at_stage, gap, model_with


class Target:
    """Cosine with a constant embedding, as pytorch-grad-cam asks for it."""

    def __init__(self, partner: torch.Tensor, scale: float = 1.0) -> None:
        self.partner, self.scale = partner, scale

    def __call__(self, output: torch.Tensor) -> torch.Tensor:
        return self.scale * torch.nn.functional.cosine_similarity(output, self.partner, dim=0)


PEERS = {
    "grad-cam": pytorch_grad_cam.GradCAM,
    "hirescam": pytorch_grad_cam.HiResCAM,
    "grad-cam-elementwise": pytorch_grad_cam.GradCAMElementWise,
    "layercam": pytorch_grad_cam.LayerCAM,
    "xgrad-cam": pytorch_grad_cam.XGradCAM,
    "score-cam": pytorch_grad_cam.ScoreCAM,
    "ablation-cam": pytorch_grad_cam.AblationCAM,
}


@pytest.fixture(scope="module")
def resnet() -> PairAtLayer:
    torch.manual_seed(0)
    model = pairx.load_model("timm:resnet18", pretrained=False, size=32)
    for parameter in model.module.parameters():
        if parameter.ndim == 1:  # timm begins with residual branches at zero, and without biases
            parameter.add_(0.3 * torch.randn_like(parameter))
    return encode_pair(model, make_pair(), "layer2")


@pytest.fixture(scope="module")
def small(tiny: EmbeddingModel) -> PairAtLayer:
    return encode_pair(tiny, make_pair(), "stage")


def found(at: PairAtLayer, name: str) -> Explanation:
    return finished(explain(at, name, METHODS[name].options()))


def peer_map(at: PairAtLayer, number: int, peer: type, scale: float = 1.0) -> np.ndarray:
    """The peer's map of scale times the cosine, before it is rectified and scaled."""
    side, raw = at.sides[number], []
    module = copy.deepcopy(at.model.module).requires_grad_(True)
    layer = module.get_submodule(at.model.path(at.layer))

    class Raw(peer):
        def get_cam_image(self, *args: object, **kwargs: object) -> np.ndarray:
            raw.append(super().get_cam_image(*args, **kwargs))
            return raw[-1]

    Raw(model=module, target_layers=[layer])(side.x.clone(), [Target(side.partner, scale)])
    return raw[0][0]


@pytest.mark.parametrize("at", ["small", "resnet"])
@pytest.mark.parametrize("name", PEERS)
def test_raw_maps_equal_the_peers(
    name: str, at: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Score-CAM's peer aligns the corners of its masks, which moves cells by up to half of one: not so here."""
    monkeypatch.setattr(torch.nn, "UpsamplingBilinear2d", partial(torch.nn.Upsample, mode="bilinear"))
    at = request.getfixturevalue(at)
    explanation = found(at, name)
    for number, ours in enumerate((explanation.map0, explanation.map1)):
        peers = peer_map(at, number, PEERS[name])
        np.testing.assert_allclose(ours, peers, rtol=2e-3, atol=2e-4 * np.abs(peers).max())


def test_score_cams_masks_lie_where_the_cells_do() -> None:
    """Cell (1, 2) of 4 x 4 is rows 4 to 7 and columns 8 to 11 of 16 x 16 pixels."""
    channels = torch.zeros(1, 4, 4)
    channels[0, 1, 2] = 1
    mask = masked_cam.masks(channels, (16, 16))[0, 0]
    places = torch.arange(16.0)
    assert float(mask.sum(1) @ places / mask.sum()) == pytest.approx(5.5)
    assert float(mask.sum(0) @ places / mask.sum()) == pytest.approx(9.5)


@pytest.mark.parametrize("name", ["eigen-cam", "eigengrad-cam", "kpca-cam"])
def test_components_equal_the_peers_up_to_their_sign(name: str, resnet: PairAtLayer) -> None:
    explanation = found(resnet, name)
    for side, ours in zip(resnet.sides, (explanation.map0, explanation.map1), strict=True):
        values = side.activation if name != "eigengrad-cam" else side.activation * side.gradient(side.cosine)
        project = get_2d_projection_kernel if name == "kpca-cam" else get_2d_projection
        peers = project(values.double().numpy()[None])[0]
        peers = peers * np.sign((peers * ours).sum())
        np.testing.assert_allclose(ours, peers, rtol=1e-3, atol=1e-4 * np.abs(peers).max())


def test_photographs_that_are_alike_get_components_of_one_sign() -> None:
    """Though the strongest place is on one side of the mean in one of them, and on the other side in the other."""
    direction, along = torch.tensor([1.0, 2.0, -1.0])[:, None, None], torch.tensor([[3.0, -1.0], [-1.0, -1.0]])
    for find in (cam.principal_component, cam.kernel_principal_component):
        for places in (along, -along):
            values = direction * (10 + places)
            component = cam.oriented(find(values), cam.apart(values))
            assert torch.equal(component.sign(), -places.sign())


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("at", ["small", "resnet"])
def test_grad_cam_plus_plus_equals_the_peer_where_its_constant_is_nothing(at, number, request) -> None:
    at, scale = request.getfixturevalue(at), 1e4
    peers = peer_map(at, number, pytorch_grad_cam.GradCAMPlusPlus, scale)
    ours = cam.grad_cam_plus_plus(at.sides[number].activation, scale * at.sides[number].cosine_gradient).numpy()
    np.testing.assert_allclose(ours, peers, rtol=2e-3, atol=2e-4 * np.abs(peers).max())


def test_kernel_components_compare_so_many_cells_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    values = torch.rand(3, 5, 7)
    monkeypatch.setattr(cam, "MOST_KERNEL", 35)
    assert cam.kernel_principal_component(values).shape == (5, 7)
    assert cam.kernel_principal_component(torch.ones(3, 5, 7)).abs().max() < 1e-6, "nothing but rounding"
    with pytest.raises(InputError, match="coarser layer"):
        cam.kernel_principal_component(torch.rand(3, 6, 6))


def test_cosine_cancels_where_the_product_does_not() -> None:
    at = at_stage(model_with(gap()))
    for name in ("grad-cam", "hirescam"):
        one = found(at, name)
        assert one.map0.sum() == pytest.approx(0, abs=1e-5)
        assert np.abs(one.map0).max() > 1e-3
    assert found(at, "grad-cam-no-norm").map0.sum() == pytest.approx(at.similarity, rel=1e-5)


def test_grad_cam_lights_up_what_the_model_ignores_and_hirescam_does_not() -> None:
    class RightHalf(torch.nn.Module):
        def forward(self, a: torch.Tensor) -> torch.Tensor:
            return a[..., 2:].mean((2, 3))

    at = at_stage(model_with(RightHalf()))
    assert np.abs(found(at, "grad-cam").map0[:, :2]).max() > 1e-3
    assert np.abs(found(at, "hirescam").map0[:, :2]).max() == 0


def test_grad_cam_plus_plus_by_hand() -> None:
    a = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    g = torch.tensor([[[1.0, -1.0], [0.0, 2.0]]])
    weight = 1 / (2 + 10) + 2 * 4 / (8 + 80)  # sum of A is 10; the negative gradient and the zero give nothing
    torch.testing.assert_close(cam.grad_cam_plus_plus(a, g), weight * a[0], rtol=1e-5, atol=0)


def test_ablation_refuses_a_pair_that_is_not_similar() -> None:
    at = at_stage(model_with(gap()))
    opposed = tuple(replace(side, partner=-side.partner) for side in at.sides)
    with pytest.raises(InputError, match="divides by the similarity"):
        found(replace(at, sides=opposed), "ablation-cam")


def test_fullgrad_sums_to_the_similarity_of_a_rectifier_network(small: PairAtLayer, resnet: PairAtLayer) -> None:
    for at in (small, resnet):
        explanation = found(at, "fullgrad")
        for number, one in enumerate((explanation.map0, explanation.map1)):
            assert one.shape == at.model.size
            total = one.sum(dtype=np.float64) + explanation.metrics[f"elsewhere{number}"]
            assert total == pytest.approx(at.similarity, abs=2e-5)
            assert explanation.metrics[f"unexplained{number}"] == pytest.approx(0, abs=2e-5)


@pytest.mark.parametrize(
    "activation",
    [
        nn.ReLU6(inplace=True), nn.Hardtanh(), nn.Hardtanh(inplace=True), nn.SiLU(inplace=True), nn.GELU(),
        nn.Hardswish(inplace=True), nn.ELU(inplace=True), nn.Mish(), nn.Softplus(), nn.Tanh(),
    ],
    ids=str,
)  # fmt: skip
def test_fullgrad_sums_to_the_similarity_with_any_activation(activation: nn.Module) -> None:
    at = at_stage(model_with(nn.Sequential(nn.Conv2d(5, 6, 3), activation, *gap())))
    nn.init.normal_(at.model.module.head[0].weight, std=3)
    at = encode_pair(at.model, at.pair, at.layer)
    explanation = found(at, "fullgrad")
    for number in (0, 1):
        assert explanation.metrics[f"unexplained{number}"] == pytest.approx(0, abs=2e-5)


def test_fullgrad_sums_to_the_similarity_of_the_embedded_model() -> None:
    at = encode_pair(pairx.load_model(size=96, device="cpu"), make_pair(), "blocks.3")
    explanation = found(at, "fullgrad")
    for number in (0, 1):
        assert explanation.metrics[f"unexplained{number}"] == pytest.approx(0, abs=2e-5)


class Noting(BiasTape):
    """Keeps every output with its bias."""

    def __init__(self) -> None:
        super().__init__()
        self.biases: list[tuple[torch.Tensor, torch.Tensor]] = []

    def note(self, output: torch.Tensor, bias: torch.Tensor) -> None:
        self.biases.append((output, bias))


def test_the_bias_of_a_saturated_activation_is_its_constant() -> None:
    x = torch.tensor([-1.0, 2.0, 5.0, 7.0, 9.0], requires_grad=True)
    with Noting() as tape:
        nn.functional.relu6(x.clone(), inplace=True), x.clamp(0, 6), x.clone().clamp_(0, 6), torch.relu(x)
    assert [bias.tolist() for _, bias in tape.biases] == [[0, 0, 0, 6, 6]] * 3


def test_fullgrad_tells_what_a_gate_leaves_unexplained() -> None:
    class Gate(nn.Module):
        def forward(self, a: torch.Tensor) -> torch.Tensor:
            return a.mean((2, 3)) * torch.sigmoid(a.amax((2, 3)))

    at = at_stage(model_with(Gate()))
    side, a = at.sides[0], at.sides[0].activation.double()
    most, gate = a.amax((1, 2)), torch.sigmoid(a.amax((1, 2)))
    weights = side.partner.double() / side.embedding.double().norm() / side.partner.double().norm()
    more = (weights * a.mean((1, 2)) * gate * (1 - gate) * most).sum()  # what the gate's own gradient adds
    assert abs(float(more)) > 1e-2
    assert found(at, "fullgrad").metrics["unexplained0"] == pytest.approx(-float(more), abs=2e-5)


def test_fullgrad_of_standardised_weights() -> None:
    model = pairx.load_model("timm:nf_resnet26", pretrained=False, size=32, device="cpu")
    explanation = found(encode_pair(model, make_pair(), model.default_layer), "fullgrad")
    assert explanation.metrics["unexplained0"] == pytest.approx(0, abs=2e-5)


def test_fullgrad_finds_every_bias_of_the_peer(resnet: PairAtLayer) -> None:
    module = copy.deepcopy(resnet.model.module).requires_grad_(True)
    with pytorch_grad_cam.FullGrad(module, []) as peer:
        biases = peer.bias_data
    with torch.no_grad(), Noting() as tape:
        resnet.sides[0].embed(resnet.sides[0].x)
    placed = [bias for output, bias in tape.biases if output.ndim == 4]
    for ours, peers in zip(placed, biases, strict=True):
        np.testing.assert_allclose(ours.flatten(), peers, rtol=1e-5, atol=1e-6)


def test_fullgrad_is_the_pixels_gradient_where_there_is_no_bias() -> None:
    model = model_with(gap())
    torch.nn.init.zeros_(model.module.stage[0].bias)
    side = at_stage(model).sides[0]
    x = side.x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(side.product(side.embed(x)).sum(), x)
    ours, elsewhere = full_gradient(side)
    torch.testing.assert_close(ours, (x * gradient).sum((0, 1)).detach())
    assert elsewhere == 0


def test_spreading_keeps_every_cells_total() -> None:
    cells = torch.rand(3, 5)
    assert float(spread(cells, (7, 16)).sum()) == pytest.approx(float(cells.sum()), rel=1e-5)
