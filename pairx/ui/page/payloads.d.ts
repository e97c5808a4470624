// Written by `python -m tools.make_types` from the types of pairx/ui/*/payload.py: change those.

/** What a part of the page is mounted with. */
export interface Part<Value, Constants, Sends> {
  element: HTMLElement;
  props: { value: Value };
  given: Constants;
  watch(name: "value", act: () => void): void;
  trigger<Name extends keyof Sends>(name: Name, data: Sends[Name]): void;
}

export interface AnsweredScene {
  similarity: number;
  photos: InlinePhoto[];
  heat: (string | null)[];
  extents: ([number, number, number, number] | null)[];
  marks: SceneMark[];
  alphas: string[][];
  palettes: Record<string, string[][]>;
  neutral: string;
  against: string;
  banner: string;
  paint_banner: string;
  casings: string[];
  faint: number;
  fade: number[];
  scales: Scale[];
  signed: string[];
  grids: ([number, number] | null)[];
  notes: string[];
  matches: number;
  key: string;
  sample: string | null;
  own: boolean;
  story: string;
  references: ReferenceText[];
  about: string;
  link: Record<string, string>;
  form: string[];
  figure: FigurePart;
}

export interface AskedPlace {
  side: number;
  place: number[];
}

export interface BoardConstants {
  names: string[];
  look: LookDefaults;
  palettes: Record<string, string[][]>;
  neutral: string;
  against: string;
  casings: string[];
}

export interface BoardDownload {
  kind: string;
  id?: string;
  order: string[];
  look: SeenLook;
  width: number;
  seconds: boolean;
  cautions: boolean;
}

export interface BoardMeasure {
  run: string;
  ids: string[];
}

export interface BoardPanel {
  file: FileData | null;
  tensor: FileData | null;
  id: string;
  title: string;
  about: string;
  family: string;
  pair: number;
  measured: MeasuredPanel | null;
  judged: PanelJudged | null;
  figure: FigurePart | null;
}

export interface BoardValue {
  run: string;
  pairs: [FilePhoto, FilePhoto][];
  about: string;
  ends: string[];
  asked: Choosing;
  form: string[];
  link: Record<string, string>;
  background: string;
  columns: number;
  expected: string;
  over: boolean;
  panels: BoardPanel[];
}

export interface Browse {
  numbers: number[];
  ticket: number;
  run: string;
}

export interface ChooserAxis {
  id: string;
  title: string;
  info: string;
  choices: ChooserEntry[];
  default: string[];
  method: string;
  methods: string[];
}

export interface ChooserConstants {
  own: string;
  photograph: string;
}

export interface ChooserEntry {
  id: string;
  title: string;
  group: string;
  seconds: string;
}

export interface ChooserPreset {
  title: string;
  choices: string[];
}

export interface ChooserValue {
  axes: ChooserAxis[];
  presets: ChooserPreset[];
}

export interface Choosing {
  axis: string;
  choices: string[] | null;
  methods: string[];
}

export interface Doubt {
  text?: string;
  turns?: Turn[];
  grey?: boolean;
}

export interface FigureAsked {
  text: string;
}

export interface FigureColumn {
  title: string;
  group: string;
  column: Record<string, any>;
}

export interface FigureConstants {
  columns: FigureColumn[];
  widths: [string, string][];
  scales: [string, string][];
}

export interface FigureDownload {
  text: string;
  kind: string;
}

export interface FigureFacts {
  ticket: number;
  photos: FigurePhoto[];
  model: string;
  layers: [string, string][];
}

export interface FigureOpened {
  figure: Record<string, any>;
  asked: string;
}

export interface FigurePart {
  row: Record<string, any>;
  column: Record<string, any>;
}

export interface FigurePhoto {
  name: string;
  thumb?: FileData;
  problem?: string;
}

export interface FigureQuestion {
  ticket: number;
  photos: string[];
  model: string;
}

export interface FigureValue {
  text: string;
  file: FileData;
  width: number;
  height: number;
  notes: string[];
}

export interface FileData {
  path: string;
  meta: Record<string, string>;
  url?: string;
  orig_name?: string;
}

export interface FilePhoto {
  file: FileData;
  width: number;
  height: number;
  name: string;
}

export interface GalleryConstants {
  page: number;
}

export interface GalleryItem {
  number: number;
  files: Thumbnail[];
}

export interface GalleryValue {
  ticket: number;
  items: GalleryItem[];
  note?: string;
}

export interface InlinePhoto {
  src: string;
  width: number;
  height: number;
  name: string;
}

export interface JudgedLine {
  text: string;
  fails: string;
}

export interface JudgedRow {
  criterion: string;
  title: string;
  higher: boolean;
  mean: number;
  text: string;
  fails: string;
}

export interface LookDefaults {
  lines: number;
  colors: number;
  opacity: number;
  most_lines: number;
  most_colors: number;
}

export interface LookValues {
  lines?: number;
  colors?: number;
  opacity?: number;
  palette?: string;
  isolate?: number | null;
}

export interface Measured {
  run: string;
  found: Record<string, MeasuredPanel>;
}

export interface MeasuredPanel {
  drop: number | null;
  random: number | null;
  line: string;
  rows: MeasuredRow[];
}

export interface MeasuredRow {
  name: string;
  value: string;
  meaning?: string;
}

export interface MessengerConstants {
  event: string;
}

export interface PairChoice {
  number: number;
  ticket: number;
  run: string;
  layer: string;
}

export interface PairConstants {
  lines: number;
  opacity: number;
}

export interface PairText {
  number: number;
  layer: string;
  correct: boolean;
  owners: string;
  photos: FilePhoto[];
  scores: [string, string, string][];
  about: string;
  figure: FigurePart;
}

export interface PairValue {
  ticket: number;
  pair: PairText | null;
  note?: string;
  error?: boolean;
  busy?: boolean;
  done?: number;
  total?: number;
  scene?: FileData;
  link?: string;
}

export interface PairWish {
  number: number | null;
  ticket: number;
  run: string;
  layer: string;
}

export interface PairsDownload {
  kind: string;
  numbers: number[] | null;
  ranges?: Record<string, number[]>;
}

export interface PairsReview {
  run: string;
  layer: string;
  metric: string;
  view: string | null;
  numbers: number[];
}

export interface PanelFiles {
  file: FileData | null;
  tensor: FileData | null;
}

export interface PanelJudged {
  judgement: string;
  dataset: string;
  about: string;
  line: JudgedLine[];
  rows: JudgedRow[];
}

export interface PanelMark {
  rank: number;
  at: number;
  points: [number, number][];
  against: boolean;
  width: number;
}

export interface PanelScene {
  card: [string, string][];
  background?: string;
  reason?: string;
  seconds?: string;
  sampled?: string;
  signed?: boolean;
  note?: string;
  notes?: string[];
  similarity?: number;
  heat?: (string | null)[];
  extents?: ([number, number, number, number] | null)[];
  colors?: string[];
  banner?: string;
  marks?: PanelMark[];
  traced?: number;
  tensor?: TensorForm;
}

export interface PlotConstants {
  plotly: string;
  names: string[];
}

export interface PlotTurn {
  to: string;
}

export interface PlotValue {
  scene?: FileData;
  show?: Show;
  note?: string;
  asked?: string;
}

export interface PointAnswer {
  ticket: number;
  error?: string;
  cells?: number[];
  grid?: [number, number];
  scale?: number;
}

export interface PointQuestion {
  side: number;
  place: number[];
  key: string;
  ticket: number;
}

export interface ReferenceText {
  title: string;
  sentence: string;
  caution: string;
}

export interface ReviewConstants {
  root: string;
  verdicts: [string, string, string][];
  signed: string[];
  look: LookDefaults;
}

export interface ReviewDecision {
  ticket: string;
  reviewer: string;
  query: string;
  candidate: string;
  verdict: string;
  note: string;
  blind: boolean;
  settles: boolean;
  share: [number, number, number] | null;
}

export interface ReviewKept {
  number: number;
  progress: ReviewProgress;
}

export interface ReviewName {
  name: string;
}

export interface ReviewOthers {
  identity: string;
  photos: ReviewPhoto[];
  cosines: (number | null)[];
}

export interface ReviewPhoto {
  id: string;
  identity: string;
  path: string;
  facts: [string, string][];
}

export interface ReviewProgress {
  decided: number;
  skipped: number;
  open: number;
}

export interface ReviewQueue {
  name: string;
  about: string;
  note: string;
  layer: string;
  conflicts: number;
  tasks: ReviewTask[];
  progress: ReviewProgress;
}

export interface ReviewRegion {
  order: [string, number][];
  note: string;
}

export interface ReviewRegionAsked {
  query: string;
  box: number[];
  candidates: string[];
}

export interface ReviewShare {
  parts: string[];
  share: [number, number, number] | null;
  words: string;
  note: string;
}

export interface ReviewTask {
  query: ReviewPhoto;
  candidate: ReviewPhoto;
  cosine: number | null;
  rank: number | null;
  figure: FigurePart;
}

export interface ReviewUndo {
  ticket: string;
  reviewer: string;
}

export interface ReviewUndone {
  number: number | null;
  task: ReviewTask | null;
  progress: ReviewProgress;
}

export interface ReviewVersus {
  difference: number;
  sides: VersusSide[];
}

export interface ReviewWarning {
  name: string;
  words: string;
  number: number;
}

export interface ReviewWarnings {
  warnings: ReviewWarning[];
}

export interface RunEntry {
  name: string;
  hint: string;
  finished: boolean;
  resumable: boolean;
}

export interface RunName {
  name: string;
}

export interface RunQuery {
  query: Record<string, string>;
}

export interface RunScene {
  key: string;
  run: string;
  link: Record<string, string>;
  layer: string;
  metric: string;
  sentence: string;
  doubt: Doubt;
  figure: any;
  number: number[];
  correct: number[];
  cosine: number[];
  value: (number | null)[];
  query_id: string[];
  gallery_id: string[];
  query_identity: string[];
  gallery_identity: string[];
  status: string[];
  n_matches: number[];
  transform_inliers: number[];
  views: RunView[];
}

export interface RunStatus {
  text?: string;
  done?: number;
  total?: number;
  busy?: boolean;
  error?: boolean;
  panel?: string;
  share?: number;
  left?: number;
}

export interface RunView {
  id: string;
  title: string;
  meaning: string;
  numbers: number[];
}

export interface RunWatchConstants {
  tab: string;
}

export interface RunsValue {
  at: number;
  runs: RunEntry[];
  running: string | null;
  finished: string | null;
  status?: StatusValue;
  begun?: string | null;
}

export interface Scale {
  colors: string[];
  low: string;
  high: string;
  ends: [number, number];
  title: string;
}

export interface Scene {
  similarity: number;
  photos: InlinePhoto[];
  heat: (string | null)[];
  extents: ([number, number, number, number] | null)[];
  marks: SceneMark[];
  alphas: string[][];
  palettes: Record<string, string[][]>;
  neutral: string;
  against: string;
  banner: string;
  paint_banner: string;
  casings: string[];
  faint: number;
  fade: number[];
  scales: Scale[];
  signed: string[];
  grids: ([number, number] | null)[];
  notes: string[];
  matches: number;
}

export interface SceneMark {
  rank: number;
  at: number;
  points: [number, number][];
  share: number;
  against: boolean;
  width: number;
}

export interface Seen {
  zoom?: number;
  centers?: number[][];
  point?: AskedPlace | null;
  colors_large?: boolean;
}

export interface SeenLook {
  lines?: number;
  colors?: number;
  opacity?: number;
  palette?: string;
  isolate?: number | null;
  zoom?: number;
  centers?: number[][];
  point?: AskedPlace | null;
  colors_large?: boolean;
}

export interface SheetConstants {
  label: string;
}

export interface Show {
  view?: string | null;
  selected?: number[];
  number?: number | null;
  note: string;
}

export interface StatusConstants {
  event: string | null;
}

export interface StatusValue {
  text?: string;
  done?: number;
  total?: number;
  busy?: boolean;
  error?: boolean;
}

export interface StripChoice {
  id: string;
}

export interface StripConstants {
  label: string;
}

export interface StripEntry {
  id: string;
  title: string;
  caption: string;
  thumbs: string[];
}

export interface Table {
  title: string;
  head: string[];
  rows: string[][];
}

export interface TablesValue {
  tables: Table[];
  note?: string;
}

export interface TensorForm {
  shape: [number, number, number, number];
  step: number;
  scale: number;
}

export interface Thumbnail {
  path?: string;
  meta?: Record<string, string>;
  url?: string;
  problem?: string;
}

export interface Ticket {
  ticket: number;
}

export interface TrustAsked {
  judgement: string;
}

export interface TrustCell {
  mean: number;
  low: number | null;
  high: number | null;
  text: string;
  interval: string;
  difference: string;
  count: string;
  fails: string;
  short: string;
}

export interface TrustCellAsked {
  ticket: number;
  judgement: string;
  method: string;
  criterion: string;
}

export interface TrustChoice {
  id: string;
  title: string;
}

export interface TrustConstants {
  names: string[];
  criteria: TrustCriterion[];
}

export interface TrustCriterion {
  name: string;
  title: string;
  group: string;
  unit: string;
  higher: boolean;
  needs: string;
  beats: string;
  paper: string;
  definition: string;
  page: string;
}

export interface TrustPair {
  value: string;
  names: string[];
  files?: FileData[];
  explain?: string;
  compare?: string;
  problem?: string;
}

export interface TrustPairs {
  ticket: number;
  best: TrustPair[];
  worst: TrustPair[];
  note: string;
}

export interface TrustRow {
  method: string;
  title: string;
  control: boolean;
  card: [string, string][];
  cells: Record<string, TrustCell>;
}

export interface TrustValue {
  chosen?: string;
  choices?: TrustChoice[];
  about?: string;
  command?: string;
  notes?: string[];
  rows?: TrustRow[];
  problem?: string;
}

export interface Turn {
  to: string;
  label: string;
}

export interface VersusSide {
  photo: ReviewPhoto;
  similarity: number;
  alone: number;
  shared: number;
  scene: Scene;
}

export interface ViewChipsConstants {
  reviews: boolean;
}

export interface ViewerConstants {
  names: string[];
  look: LookDefaults;
}

export interface ViewerDownload {
  kind: string;
  look: SeenLook;
  key: string;
}

export interface ViewerQuery {
  query: Record<string, string>;
}

export interface ViewerValue {
  scene: FileData;
  look?: LookValues;
  match?: number | null;
  seen?: Seen;
  quiet: boolean;
  back?: boolean;
  asked?: string;
}

export interface WellAnswer {
  side: number;
  file: FileData;
  box: number[] | null;
  turns: number;
  mirrored: boolean;
}

export interface WellChoice {
  side: number;
}

export interface WellCut {
  side: number;
  box: number[];
  turns: number;
  mirrored: boolean;
}

export type BoardPart = Part<BoardValue, BoardConstants, { download: BoardDownload; measure: BoardMeasure }>;
export type ChooserPart = Part<ChooserValue, ChooserConstants, { ask: Choosing }>;
export type ChosenPairPart = Part<null, null, {}>;
export type CompareButtonsPart = Part<null, null, { go: Choosing; halt: Record<string, string> }>;
export type FigureButtonsPart = Part<null, null, { go: FigureAsked; halt: Record<string, string> }>;
export type FigureListsPart = Part<null, FigureConstants, { look: FigureQuestion }>;
export type FigurePreviewPart = Part<FigureValue, null, { download: FigureDownload }>;
export type KeyboardPart = Part<null, null, {}>;
export type LookPanelPart = Part<null, LookDefaults, {}>;
export type MessengerPart = Part<any, MessengerConstants, {}>;
export type PairGalleryPart = Part<GalleryValue, GalleryConstants, { browse: Browse; download: PairsDownload }>;
export type PairPanelPart = Part<PairValue, PairConstants, { halt: Ticket; ahead: PairWish }>;
export type PairTablePart = Part<null, null, {}>;
export type RecentPairsPart = Part<null, null, { open: ViewerQuery }>;
export type ReviewBoardPart = Part<ReviewName, ReviewConstants, {}>;
export type RunListPart = Part<null, null, {}>;
export type RunProgressPart = Part<null, null, {}>;
export type RunWatchPart = Part<RunsValue, RunWatchConstants, { look: Record<string, string>; open: RunName; resume: RunName; halt: Record<string, string> }>;
export type SampleStripPart = Part<StripEntry[], StripConstants, { choose: StripChoice }>;
export type SamplesPart = Part<StripEntry[], StripConstants, { choose: StripChoice }>;
export type ScatterPlotPart = Part<PlotValue, PlotConstants, { choose: PairChoice; turn: PlotTurn; download: PairsDownload; back: RunQuery }>;
export type SheetButtonPart = Part<null, SheetConstants, {}>;
export type StatusPart = Part<StatusValue, StatusConstants, {}>;
export type TablesPart = Part<TablesValue, null, {}>;
export type TrustBoardPart = Part<TrustValue, TrustConstants, { choose: TrustAsked; pairs: TrustCellAsked }>;
export type ViewChipsPart = Part<null, ViewChipsConstants, { review: PairsReview }>;
export type ViewerPart = Part<ViewerValue, ViewerConstants, { download: ViewerDownload; point: PointQuestion; reopen: ViewerQuery }>;
export type WellsPart = Part<null, null, { edit: WellChoice; cut: WellCut }>;
